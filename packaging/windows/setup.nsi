; The setup for Windows, for NSIS 3. packaging/windows_setup.py compiles it, and defines what is written in capitals here.
;
; Setup.exe /S            asks nothing        Setup.exe /S /D=C:\some where   into that folder; the last, without quotes
; uninstall.exe /S        asks nothing, keeps the data         uninstall.exe /S /DATA   removes the data too
;
; It ends with 0 when all is done, with 1 when the user cancelled, with 2 when Windows refused something, and with

!define IS_RECORDING 3    ; nothing was changed, as with all that follow; the first three are those of `sottovoce quit`
!define IS_WORKING 4      ; in a terminal
!define DOES_NOT_CLOSE 5
!define IS_IN_USE 6       ; a file of the version that is there
!define FOLDER_UNFIT 7    ; it holds other files, its path is too long, or nothing can be written there
!define NO_ROOM 8
!define SETUP_RUNS 9      ; another one
!define WINDOWS_TOO_OLD 10

Unicode true
Target ${TARGET}
SetCompressor /SOLID lzma
SetCompressorDictSize 64
RequestExecutionLevel user
ManifestSupportedOS Win10
ManifestDPIAware true
ManifestDPIAwareness PerMonitorV2
ManifestLongPathAware true

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include WinVer.nsh
!include x64.nsh
!include "${LISTS}"

!define PROGRAM "sottovoce-gui.exe"
!define PROG_ID "Sottovoce.Recording"
!define CLASSES "Software\Classes"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Sottovoce"
!define OLDEST_BUILD 17763          ; of Windows 10, which Qt wants: version 1809
!define LONGEST_PATH 259            ; that Windows takes without being asked for more
!define SECONDS_TO_CLOSE 30
!define /ifndef SECONDS_TO_LET_GO 15      ; of files
!define SHCNE_ASSOCCHANGED 0x08000000
!define ERROR_ALREADY_EXISTS 183

Name "Sottovoce"
OutFile "${OUT}"
BrandingText "Sottovoce ${VERSION}"
InstallDir "$LOCALAPPDATA\Programs\Sottovoce"
InstallDirRegKey HKCU "${UNINSTALL}" "InstallLocation"
ShowInstDetails nevershow
ShowUninstDetails nevershow
AllowSkipFiles off

!ifdef SIGN
  !uninstfinalize '${SIGN} "%1"' = 0
!endif

VIProductVersion "${FOUR_NUMBERS}"
VIFileVersion "${FOUR_NUMBERS}"
VIAddVersionKey "ProductName" "Sottovoce"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "Sottovoce Setup"
VIAddVersionKey "CompanyName" "${COMPANY}"
VIAddVersionKey "LegalCopyright" "${COPYRIGHT}"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_DIRECTORYPAGE_TEXT_TOP "Sottovoce will be installed for you only; no administrator rights are needed. Your transcripts and recordings are kept in a separate folder."
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE CheckFolderOnPage
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!define MUI_WELCOMEFINISHPAGE_BITMAP "${PICTURE}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\${PROGRAM}"
!define MUI_FINISHPAGE_RUN_TEXT "Open Sottovoce"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE English

; --- what both do ---

!macro SHARED UN

; Ends at once if a setup, or what removes it, is open already.
Function ${UN}BeTheOnlyOne
  System::Call 'kernel32::CreateMutexW(p 0, i 0, w "SottovoceSetup") p .r1 ?e'
  Pop $0
  ${If} $0 = ${ERROR_ALREADY_EXISTS}
    MessageBox MB_OK|MB_ICONEXCLAMATION "Sottovoce Setup is already open." /SD IDOK
    SetErrorLevel ${SETUP_RUNS}
    Quit
  ${EndIf}
FunctionEnd

; Has what runs of the program in the folder $R0 end. $1: the exit code if it does not, else 0; $2: the sentence.
Function ${UN}AskToClose
  again:
  StrCpy $1 0
  ${IfNot} ${FileExists} "$R0\sottovoce.exe"
    Return
  ${EndIf}
  nsExec::Exec '"$R0\sottovoce.exe" quit --wait ${SECONDS_TO_CLOSE}'
  Pop $0
  ${Select} $0
    ${Case} ${IS_RECORDING}
      StrCpy $1 ${IS_RECORDING}
      StrCpy $2 "Sottovoce is recording. Stop the recording, then press Retry."
    ${Case} ${IS_WORKING}
      StrCpy $1 ${IS_WORKING}
      StrCpy $2 "Sottovoce is working in a terminal. Wait until it is finished, or press Ctrl+C there; then press Retry."
    ${Case} ${DOES_NOT_CLOSE}
      StrCpy $1 ${DOES_NOT_CLOSE}
      StrCpy $2 "Sottovoce is not closing. Close its window, then press Retry. Transcriptions resume later."
    ${Default} ; nothing runs any more, or it cannot be asked
      Call ${UN}WaitForFiles
      ${If} $0 == ""
        Return
      ${EndIf}
      StrCpy $1 ${IS_IN_USE}
      StrCpy $2 "Sottovoce is still running ($0). Close it, then press Retry."
  ${EndSelect}
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$2" /SD IDCANCEL IDRETRY again
FunctionEnd

; Waits until no program in the folder $R0 runs any more: what runs cannot be written to. $0: one that does, or nothing.
Function ${UN}WaitForFiles
  StrCpy $3 0
  ${Do}
    StrCpy $0 ""
    FindFirst $4 $5 "$R0\*.exe"
    ${DoWhile} $5 != ""
      ${If} $5 != "uninstall.exe" ; which may be what runs here
        ClearErrors
        FileOpen $6 "$R0\$5" a
        ${If} ${Errors}
          StrCpy $0 $5
        ${Else}
          FileClose $6
        ${EndIf}
      ${EndIf}
      FindNext $4 $5
    ${Loop}
    FindClose $4
    IntOp $3 $3 + 1
    ${If} $0 == ""
    ${OrIf} $3 > ${SECONDS_TO_LET_GO}
      ${ExitDo}
    ${EndIf}
    Sleep 1000
  ${Loop}
FunctionEnd

; Removes what the setup has put into the folder $R0, and nothing else.
Function ${UN}RemoveProgram
  FileOpen $3 "$R0\installed.txt" r
  ${Do}
    ClearErrors
    FileRead $3 $4
    ${If} ${Errors}
      ${ExitDo}
    ${EndIf}
    StrCpy $4 $4 -1 ; without the end of the line
    ${If} ${FileExists} "$R0\$4\*"
      RMDir /r "$R0\$4"
    ${Else}
      Delete "$R0\$4"
    ${EndIf}
  ${Loop}
  FileClose $3
  Delete "$R0\installed.txt"
  RMDir /r "$R0\~new"
  RMDir /r "$R0\~old"
  RMDir "$R0"
FunctionEnd

!macroend

!insertmacro SHARED ""
!insertmacro SHARED "un."

; --- what the system knows of the program ---

!macro ADD_TYPE SUFFIX
  WriteRegStr HKCU "${CLASSES}\Applications\${PROGRAM}\SupportedTypes" "${SUFFIX}" ""
  WriteRegStr HKCU "${CLASSES}\${SUFFIX}\OpenWithProgids" "${PROG_ID}" ""
!macroend

!macro REMOVE_TYPE SUFFIX
  DeleteRegValue HKCU "${CLASSES}\${SUFFIX}\OpenWithProgids" "${PROG_ID}"
  DeleteRegKey /ifempty HKCU "${CLASSES}\${SUFFIX}\OpenWithProgids"
  DeleteRegKey /ifempty HKCU "${CLASSES}\${SUFFIX}"
!macroend

; It is offered for recordings, beside whatever opens them now.
!macro REGISTER
  WriteRegStr HKCU "${CLASSES}\Applications\${PROGRAM}" "FriendlyAppName" "Sottovoce"
  WriteRegStr HKCU "${CLASSES}\Applications\${PROGRAM}\DefaultIcon" "" '"$INSTDIR\${PROGRAM}",0'
  WriteRegStr HKCU "${CLASSES}\Applications\${PROGRAM}\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  WriteRegStr HKCU "${CLASSES}\${PROG_ID}" "" "Recording"
  WriteRegStr HKCU "${CLASSES}\${PROG_ID}\DefaultIcon" "" '"$INSTDIR\${PROGRAM}",0'
  WriteRegStr HKCU "${CLASSES}\${PROG_ID}\shell\open" "FriendlyAppName" "Sottovoce"
  WriteRegStr HKCU "${CLASSES}\${PROG_ID}\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  !insertmacro EACH_TYPE ADD_TYPE
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Sottovoce"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\${PROGRAM}"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "${COMPANY}"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" ${PAYLOAD_KB}
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  System::Call "shell32::SHChangeNotify(i ${SHCNE_ASSOCCHANGED}, i 0, p 0, p 0)"
!macroend

!macro UNREGISTER
  DeleteRegKey HKCU "${CLASSES}\Applications\${PROGRAM}"
  DeleteRegKey HKCU "${CLASSES}\${PROG_ID}"
  !insertmacro EACH_TYPE REMOVE_TYPE
  DeleteRegKey HKCU "${UNINSTALL}"
  System::Call "shell32::SHChangeNotify(i ${SHCNE_ASSOCCHANGED}, i 0, p 0, p 0)"
!macroend

; --- installing ---

Function .onInit
  Call BeTheOnlyOne
  ${IfNot} ${AtLeastBuild} ${OLDEST_BUILD}
  ${OrIfNot} ${RunningX64}
    MessageBox MB_OK|MB_ICONSTOP "Sottovoce needs 64-bit Windows 10, version 1809 or later." /SD IDOK
    SetErrorLevel ${WINDOWS_TOO_OLD}
    Quit
  ${EndIf}
FunctionEnd

; Looks whether the program can be put into $INSTDIR. $1: the exit code if not, else 0; $2: the sentence.
Function CheckFolder
  StrCpy $3 $INSTDIR 1 -1
  ${If} $3 == "\"
    StrCpy $INSTDIR $INSTDIR -1
  ${EndIf}
  StrCpy $1 ${FOLDER_UNFIT}
  StrLen $3 "$INSTDIR\~new\"
  IntOp $3 $3 + ${LONGEST_NAME}
  ${If} $3 > ${LONGEST_PATH}
    StrCpy $2 "The path of this folder is too long for Windows. Choose one with a shorter path."
    Return
  ${EndIf}
  ${IfNot} ${FileExists} "$INSTDIR\installed.txt"
  ${AndIfNot} ${FileExists} "$INSTDIR\~old" ; of a setup that was broken off
    FindFirst $4 $5 "$INSTDIR\*"
    ${DoWhile} $5 != ""
      ${Select} $5
        ${Case4} "." ".." "~new" "~old"
        ${CaseElse}
          FindClose $4
          StrCpy $2 "This folder contains other files. Choose an empty or a new folder."
          Return
      ${EndSelect}
      FindNext $4 $5
    ${Loop}
    FindClose $4
  ${EndIf}
  ClearErrors
  CreateDirectory "$INSTDIR\~new"
  ${If} ${Errors}
    StrCpy $2 "This folder is not writable. Choose another one."
    Return
  ${EndIf}
  System::Call 'kernel32::GetDiskFreeSpaceExW(w "$INSTDIR", *l .r3, p 0, p 0) i .r4'
  System::Int64Op $3 / 1024
  Pop $3
  System::Int64Op $3 < ${NEEDED_KB}
  Pop $5
  RMDir "$INSTDIR\~new"
  RMDir "$INSTDIR"
  ${If} $4 <> 0
  ${AndIf} $5 <> 0
    IntOp $3 $3 / 1024
    StrCpy $1 ${NO_ROOM}
    StrCpy $2 "There is not enough space: ${NEEDED_MB} MB are needed, $3 MB are free."
    Return
  ${EndIf}
  StrCpy $1 0
FunctionEnd

Function CheckFolderOnPage
  Call CheckFolder
  ${If} $1 <> 0
    MessageBox MB_OK|MB_ICONEXCLAMATION "$2"
    Abort
  ${EndIf}
FunctionEnd

; Moves $6 to $7. Tries it for a while, since virus scanners hold what was just written. $0: $6 if that was in vain.
Function Move
  StrCpy $8 0
  ${Do}
    ClearErrors
    Rename $6 $7
    ${IfNot} ${Errors}
      Return
    ${EndIf}
    IntOp $8 $8 + 1
    ${If} $8 > ${SECONDS_TO_LET_GO}
      StrCpy $0 $6
      Return
    ${EndIf}
    Sleep 1000
  ${Loop}
FunctionEnd

; Moves what the version that is there consists of to ~old. $0: what did not move, or nothing.
Function PutOldAside
  StrCpy $0 ""
  CreateDirectory "$INSTDIR\~old"
  ${IfNot} ${FileExists} "$INSTDIR\installed.txt"
    Return
  ${EndIf}
  FileOpen $3 "$INSTDIR\installed.txt" r
  ${Do}
    ClearErrors
    FileRead $3 $4
    ${If} ${Errors}
      ${ExitDo}
    ${EndIf}
    StrCpy $4 $4 -1
    ${If} $0 == ""
    ${AndIf} ${FileExists} "$INSTDIR\$4"
      StrCpy $6 "$INSTDIR\$4"
      StrCpy $7 "$INSTDIR\~old\$4"
      Call Move
    ${EndIf}
  ${Loop}
  FileClose $3
  ${If} $0 == ""
    StrCpy $6 "$INSTDIR\installed.txt"
    StrCpy $7 "$INSTDIR\~old\installed.txt"
    Call Move
  ${EndIf}
FunctionEnd

; Moves the old version back, and first what was put in its place to ~new. $0: what did not move, or nothing.
; Until all is done ~new tells what was put in place: what is in its list, but not in it.
Function PutOldBack
  StrCpy $0 ""
  FileOpen $3 "$INSTDIR\~new\installed.txt" r
  ${Do}
    ClearErrors
    FileRead $3 $4
    ${If} ${Errors}
      ${ExitDo}
    ${EndIf}
    StrCpy $4 $4 -1
    ${If} ${FileExists} "$INSTDIR\$4"
    ${AndIfNot} ${FileExists} "$INSTDIR\~new\$4"
      StrCpy $6 "$INSTDIR\$4"
      StrCpy $7 "$INSTDIR\~new\$4"
      Call Move
    ${EndIf}
  ${Loop}
  FileClose $3
  FindFirst $4 $5 "$INSTDIR\~old\*"
  ${DoWhile} $5 != ""
    ${If} $5 != "."
    ${AndIf} $5 != ".."
      StrCpy $6 "$INSTDIR\~old\$5"
      StrCpy $7 "$INSTDIR\$5"
      RMDir /r $7
      Delete $7
      Call Move
    ${EndIf}
    FindNext $4 $5
  ${Loop}
  FindClose $4
  ${If} $0 == ""
    Delete "$INSTDIR\~new\installed.txt"
    RMDir "$INSTDIR\~old"
    ${If} ${FileExists} "$INSTDIR\~old"
      StrCpy $0 "$INSTDIR\~old"
    ${EndIf}
    RMDir /r "$INSTDIR\~new"
  ${EndIf}
FunctionEnd

; Removes the old version, once the new one is in place. Under the name ~new no setup takes what is left of it for a version.
; $0: what did not move, or nothing.
Function RemoveOld
  StrCpy $0 ""
  RMDir /r "$INSTDIR\~new"
  StrCpy $6 "$INSTDIR\~old"
  StrCpy $7 "$INSTDIR\~new"
  Call Move
  RMDir /r "$INSTDIR\~new"
FunctionEnd

; Ends the setup, since $0 cannot be moved.
Function EndAsHeld
  MessageBox MB_OK|MB_ICONSTOP "Another program is using $0, so nothing was changed. Close it, or restart the computer, and try again." /SD IDOK
  SetErrorLevel ${IS_IN_USE}
  Abort "$0"
FunctionEnd

!macro PUT_IN_PLACE ITEM
  ${If} $0 == ""
    StrCpy $6 "$INSTDIR\~new\${ITEM}"
    StrCpy $7 "$INSTDIR\${ITEM}"
    Call Move
  ${EndIf}
!macroend

Section
  Call CheckFolder ; in silent mode nobody has yet
  ${If} $1 <> 0
    SetErrorLevel $1
    Abort "$2"
  ${EndIf}
  ${If} ${FileExists} "$INSTDIR\~old" ; of a setup that was broken off while it changed one version for the other
    ${If} ${FileExists} "$INSTDIR\~old\installed.txt"
    ${AndIf} ${FileExists} "$INSTDIR\installed.txt" ; which moves last: all of the new one is there
      Call RemoveOld
    ${Else}
      Call PutOldBack
    ${EndIf}
    ${If} $0 != ""
      Call EndAsHeld
    ${EndIf}
  ${EndIf}
  RMDir /r "$INSTDIR\~new"

  ; All of it lies ready before anything of the version that is there is touched.
  SetOutPath "$INSTDIR\~new"
  File /r "${PAYLOAD}\*"
  WriteUninstaller "$INSTDIR\~new\uninstall.exe"
  File "${LIST}" ; last: what is in it was there
  SetOutPath "$PROFILE" ; a folder that a program is in cannot be moved; and where shortcuts start the program
  StrCpy $R0 $INSTDIR
  Call AskToClose
  ReadRegStr $R0 HKCU "${UNINSTALL}" "InstallLocation"
  ${If} $1 = 0
  ${AndIf} $R0 != ""
  ${AndIf} $R0 != $INSTDIR
    Call AskToClose
  ${EndIf}
  ${If} $1 <> 0
    RMDir /r "$INSTDIR\~new"
    RMDir "$INSTDIR"
    SetErrorLevel $1
    Abort "$2"
  ${EndIf}
  Call PutOldAside
  ${If} $0 == ""
    !insertmacro EACH_ITEM PUT_IN_PLACE
  ${EndIf}
  ${If} $0 != ""
    StrCpy $R2 $0
    Call PutOldBack
    StrCpy $0 $R2
    Call EndAsHeld
  ${EndIf}
  Call RemoveOld

  ; A version in another folder gives way to this one. One folder may be written in several ways, so names tell nothing.
  CreateDirectory "$INSTDIR\~new"
  ReadRegStr $R0 HKCU "${UNINSTALL}" "InstallLocation"
  ${If} $R0 != ""
  ${AndIf} ${FileExists} "$R0\installed.txt"
  ${AndIfNot} ${FileExists} "$R0\~new"
    Call RemoveProgram
  ${EndIf}
  RMDir "$INSTDIR\~new"

  !insertmacro REGISTER
  CreateShortcut "$SMPROGRAMS\Sottovoce.lnk" "$INSTDIR\${PROGRAM}"
  CreateShortcut "$SENDTO\Sottovoce.lnk" "$INSTDIR\${PROGRAM}"
SectionEnd

Function .onInstFailed ; as when the disk is full
  SetOutPath "$TEMP"
  ${IfNot} ${FileExists} "$INSTDIR\~old" ; which cannot be put back without ~new
    RMDir /r "$INSTDIR\~new"
    RMDir "$INSTDIR"
  ${EndIf}
FunctionEnd

; --- removing ---

Function un.onInit
  Call un.BeTheOnlyOne
FunctionEnd

; What the user has: as desktop_app/paths.py lays it out. The folder may be one that holds other things, too.
!macro REMOVE_DATA
  Delete "$R1\library*.sqlite3*"
  Delete "$R1\library.lock"
  Delete "$R1\settings.json*"
  Delete "$R1\settings-damaged-*"
  Delete "$R1\machine.json*"
  Delete "$R1\models-folder*"
  Delete "$R1\models-on-their-way*"
  RMDir /r "$R1\backups"
  RMDir /r "$R1\gpu"
  RMDir /r "$R1\library.workshop"
  RMDir /r "$R1\locks"
  RMDir /r "$R1\logs"
  RMDir /r "$R1\models"
  RMDir /r "$R1\recordings"
  RMDir /r "$R1\unfinished"
  RMDir /r "$R1\updates"
  RMDir "$R1"
!macroend

Section Uninstall
  ${IfNot} ${FileExists} "$INSTDIR\installed.txt"
    MessageBox MB_OK|MB_ICONSTOP "Sottovoce is not installed in this folder." /SD IDOK
    SetErrorLevel ${FOLDER_UNFIT}
    Abort
  ${EndIf}
  SetOutPath "$TEMP"
  StrCpy $R0 $INSTDIR
  Call un.AskToClose
  ${If} $1 <> 0
    SetErrorLevel $1
    Abort "$2"
  ${EndIf}
  Call un.RemoveProgram
  Delete "$SMPROGRAMS\Sottovoce.lnk"
  Delete "$SENDTO\Sottovoce.lnk"
  !insertmacro UNREGISTER

  ReadEnvStr $R1 SOTTOVOCE_HOME
  ${If} $R1 == ""
    StrCpy $R1 "$LOCALAPPDATA\Sottovoce"
  ${EndIf}
  ClearErrors
  ${GetParameters} $0
  ${GetOptions} $0 "/DATA" $1
  ${If} ${Errors}
    ${IfNot} ${FileExists} "$R1\library.sqlite3"
      Return
    ${EndIf}
    MessageBox MB_YESNO|MB_DEFBUTTON2|MB_ICONQUESTION "Do you also want to delete your Sottovoce data: all transcripts, the recordings in $R1, settings and models? Models that you moved to another folder stay there.$\r$\n$\r$\nThis cannot be undone. Press No to keep them, or if you are not sure." /SD IDNO IDYES remove
    Return
  ${EndIf}
  remove:
  !insertmacro REMOVE_DATA
SectionEnd
