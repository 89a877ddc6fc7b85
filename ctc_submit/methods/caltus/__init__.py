"""CALT-US: four classes a pixel, cross-entropy with Youden's J (Guerrero Peña et al.)."""
