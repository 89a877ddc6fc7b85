@echo off
REM ctc-submit: starts the package in this folder with the Python of .venv, or the one on PATH.
setlocal DisableDelayedExpansion
set "PYTHON=%~dp0.venv\Scripts\python.exe"
if not exist "%PYTHON%" for %%I in (python.exe) do set "PYTHON=%%~$PATH:I"
if not defined PYTHON (
  echo ctc-submit: python is missing; install Python and the packages once as README.md says 1>&2
  exit /b 1
)
set "PYTHONPATH=%~dp0;%PYTHONPATH%"
set "PYTHONDONTWRITEBYTECODE=1"
"%PYTHON%" "%~dp0start.py" %*
exit /b %ERRORLEVEL%
