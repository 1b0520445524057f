state u
0 = lap(u) - 1
