"""Unattended runs: a face without a person, armed by a batch ticket and by nothing else."""
