"""The lecture as a library: networks, losses, predictors and the ground floor they stand on. Never imports gradio."""
