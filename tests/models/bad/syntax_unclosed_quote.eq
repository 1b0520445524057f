model m "a text
state u
dt(u) = -u
