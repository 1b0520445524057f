state u
dt(u) = {u + 1}
