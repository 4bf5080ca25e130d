# Signs the files that are named, with the certificate of a workflow's secrets. For Windows, with the SDK's signtool.
#
# WINDOWS_CERTIFICATE, WINDOWS_CERTIFICATE_PASSWORD    a .pfx file in base64, and its password
param([Parameter(Mandatory)] [string[]] $Files)
$ErrorActionPreference = "Stop"

$signtool = Get-ChildItem "${env:ProgramFiles(x86)}\Windows Kits\10\bin\*\x64\signtool.exe" |
    Sort-Object { [version] $_.Directory.Parent.Name } | Select-Object -Last 1
$certificate = Join-Path $env:RUNNER_TEMP "certificate.pfx"
[IO.File]::WriteAllBytes($certificate, [Convert]::FromBase64String($env:WINDOWS_CERTIFICATE))
try {
    & $signtool.FullName sign /fd SHA256 /td SHA256 /tr http://timestamp.digicert.com `
        /f $certificate /p $env:WINDOWS_CERTIFICATE_PASSWORD /d Sottovoce @Files
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
} finally {
    Remove-Item $certificate
}
