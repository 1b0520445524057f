space x in 0, 1
space y in [0, 1, 2]
space z in [0: 1]
