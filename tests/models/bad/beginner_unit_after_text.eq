state u "position" : m
dt(u) = -u
