"""The equations of the UniECS paper in plain PyTorch: what the fixtures are computed with."""
