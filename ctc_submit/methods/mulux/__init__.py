"""MU-Lux-CZ: cell markers and cell mask from one U-Net, joined by a watershed (Lux & Matula)."""
