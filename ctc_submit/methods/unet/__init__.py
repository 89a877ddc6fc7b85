"""U-Net: every pixel is cell or background; connected pixels are a cell."""
