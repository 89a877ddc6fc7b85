@echo off
REM ctc-submit: starts the package in this folder with the Python of .venv, or the one on PATH.
setlocal
set "PYTHON=%~dp0.venv\Scripts\python.exe"
if not exist "%PYTHON%" set "PYTHON=python"
set "PYTHONPATH=%~dp0;%PYTHONPATH%"
set "PYTHONDONTWRITEBYTECODE=1"
"%PYTHON%" -c "from ctc_submit.cli.main import main; main(prog_name='ctc-submit')" %*
exit /b %ERRORLEVEL%
