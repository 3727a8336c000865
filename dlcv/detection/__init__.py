"""Detection: R-CNN, Fast R-CNN, Faster R-CNN and Mask R-CNN, with every stage open to view."""
