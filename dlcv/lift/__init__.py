"""LIFT: detector, orientation and descriptor of local features as one network, trained end to end (Yi et al. 2016)."""
