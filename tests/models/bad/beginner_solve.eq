state u
dt(u) = -u
solve u for t in [0, 10]
