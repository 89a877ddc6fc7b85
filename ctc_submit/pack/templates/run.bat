@echo off
REM @{name}.bat: Cell Tracking Challenge, data set @{dataset}, sequence @{sequence}.
REM Runs without arguments, from any folder and without network; exit code 0 when all is written.
REM
REM   input   @{dots}\@{dataset}\@{sequence}       raw frames t000.tif, t001.tif, ...
REM   output  @{dots}\@{dataset}\@{result}   mask000.tif, mask001.tif, ...; an earlier result is replaced
REM   model   @{model_windows}
REM
REM Prerequisites: 64-bit Windows 10 or newer, Python 3.11 or newer, 4 GB of memory, and the
REM packages that are installed once as README.md says. A GPU with CUDA is used when there is one.
REM The paths are relative to this script; the environment variable CTC_DATA names another folder
REM that holds @{dataset}.
setlocal DisableDelayedExpansion
set "DATA=%~dp0@{dots}"
if defined CTC_DATA for %%I in ("%CTC_DATA%") do set "DATA=%%~fI"
cd /d "%~dp0.@{up}" || exit /b 1
set "CTC="
for %%I in (ctc-submit.exe) do if not "%%~$PATH:I"=="" set "CTC=%%~$PATH:I"
if exist "..\.venv\Scripts\ctc-submit.exe" set "CTC=..\.venv\Scripts\ctc-submit.exe"
if exist "ctc-submit.bat" set "CTC=.\ctc-submit.bat"
if not defined CTC (
  echo @{name}.bat: the command ctc-submit is missing; install it once as README.md says 1>&2
  exit /b 1
)
set "HF_HUB_OFFLINE=1"
REM Not by "call", which reads carets and percent signs of paths anew.
"%CTC%" run "%DATA%\@{dataset}\@{sequence}" "%DATA%\@{dataset}\@{result}" --model "@{model_windows}"@{options}
exit /b %ERRORLEVEL%
