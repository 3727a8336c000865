"""The names of the joints and keypoints that data sets mark, in their orders."""

JOINTS = (
    "right ankle, right knee, right hip, left hip, left knee, left ankle, right wrist, right elbow, right shoulder,"
    " left shoulder, left elbow, left wrist, neck, head top"
).split(", ")
"""Of Leeds Sports (Johnson and Everingham 2011)."""

COCO = (
    "nose, left eye, right eye, left ear, right ear, left shoulder, right shoulder, left elbow, right elbow,"
    " left wrist, right wrist, left hip, right hip, left knee, right knee, left ankle, right ankle"
).split(", ")
"""Of COCO (Lin et al. 2014); twelve of them are among `JOINTS`."""
