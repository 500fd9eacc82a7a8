"""What several tests need: reading frame counters, checking a montage, making recordings."""
