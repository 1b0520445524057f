state u
dt(u) = u.lap() + math.sin(u)
