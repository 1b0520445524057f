space x in [0, 1], y in [0, 1]
input land(x, y) hold
input rain(t, x, y)
input wind(y, x)
input map(x, y)
state u(x, y)
dt(u) = lap(u) + land + rain + wind + map
bc u = map at x = 0
