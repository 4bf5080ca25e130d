/* Plays the program in the tests of the setup for Windows: a window that closes when it is asked to, and what asks it.

   stub quit          asks; ends with STUB_ANSWER from the environment, or with 0 when the window is gone, else with 5
   stub window FILE   is there until it is asked, and writes into the file how it is; with STUB_DEAF it cannot be asked */

#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

static const wchar_t ASKED[] = L"sottovoce-stub-asked";

static void note(const wchar_t *file, const char *words)
{
    DWORD written;
    HANDLE opened = CreateFileW(file, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(opened, words, (DWORD)strlen(words), &written, NULL);
    CloseHandle(opened);
}

static int ask(void)
{
    wchar_t answer[8];
    if (GetEnvironmentVariableW(L"STUB_ANSWER", answer, 8))
        return _wtoi(answer);
    HANDLE asked = OpenEventW(EVENT_MODIFY_STATE, FALSE, ASKED);
    if (!asked)
        return 0;
    SetEvent(asked);
    CloseHandle(asked);
    for (int glance = 0; glance < 200; glance++) {
        if (!(asked = OpenEventW(EVENT_MODIFY_STATE, FALSE, ASKED)))
            return 0;
        CloseHandle(asked);
        Sleep(50);
    }
    return 5;
}

static int be_a_window(const wchar_t *file)
{
    wchar_t deaf[8];
    int is_deaf = GetEnvironmentVariableW(L"STUB_DEAF", deaf, 8) != 0;
    HANDLE asked = CreateEventW(NULL, TRUE, FALSE, is_deaf ? NULL : ASKED);
    note(file, "runs");
    WaitForSingleObject(asked, INFINITE);
    Sleep(300);
    note(file, "its job is stored");
    return 0;
}

int wmain(int count, wchar_t **words)
{
    if (count > 2 && !wcscmp(words[1], L"window"))
        return be_a_window(words[2]);
    return count > 1 && !wcscmp(words[1], L"quit") ? ask() : 2;
}
