"""UniECS in PyTorch, as a PyTorch user would write it: what the benchmark compares with."""
