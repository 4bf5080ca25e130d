/* Stands for NVIDIA's two libraries, at the door to the driver: one card of 8 GB, 6 of it free. Built by the tests. */
#include <stdio.h>
#include <string.h>

static const unsigned char identity[16] = {0xab, 0xcd, 0xef, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};

#ifdef CUDA_FAILS
int cuInit(unsigned flags) { return 999; }
#else
int cuInit(unsigned flags) { return 0; }
#endif
int cuDriverGetVersion(int *version) { *version = 12040; return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGet(int *device, int index) { *device = index; return 0; }
int cuDeviceGetName(char *name, int size, int device) { snprintf(name, size, "Imagined Card 8"); return 0; }
int cuDeviceTotalMem_v2(size_t *memory, int device) { *memory = 8ull << 30; return 0; }
int cuDeviceGetUuid(unsigned char *uuid, int device) { memcpy(uuid, identity, 16); return 0; }
int cuDeviceGetAttribute(int *value, int which, int device) { *value = which == 75 ? 8 : which == 76 ? 9 : 0; return 0; }

struct memory { unsigned long long total, free, used; };
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *version, unsigned size) { snprintf(version, size, "550.54.14"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 1; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **card) { *card = (void *)identity; return index != 0; }
int nvmlDeviceGetName(void *card, char *name, unsigned size) { snprintf(name, size, "Imagined Card 8"); return card != identity; }
int nvmlDeviceGetUUID(void *card, char *uuid, unsigned size) {
    snprintf(uuid, size, "GPU-abcdef01-0203-0405-0607-08090a0b0c0d");
    return 0;
}
int nvmlDeviceGetMemoryInfo(void *card, struct memory *memory) {
    memory->total = 8ull << 30, memory->free = 6ull << 30, memory->used = 2ull << 30;
    return card != identity;
}
