"""Fine-grained categories: Spatial Transformers that find what tells twenty birds apart."""
