"""What `insect-edge doctor` judges: facts in, findings out. How the facts are come by is the adapters' business."""
