space x in [0, 1]
state p(x)
0 = lap(p) - x for p
