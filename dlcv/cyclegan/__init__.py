"""CycleGAN (Zhu et al. 2017): translation between two sets of pictures of which no two belong together."""
