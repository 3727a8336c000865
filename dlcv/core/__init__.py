"""What every topic stands on: images, geometry, weights, training, backbones, people, data sets."""
