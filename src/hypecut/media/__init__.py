"""Video in and out, by PyAV: probing, snapping, cutting, joining."""
