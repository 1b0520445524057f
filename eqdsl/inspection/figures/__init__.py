"""Pictures, one file each. matplotlib is loaded when the first one is drawn, always with the Agg canvas."""
