param k = 1
