state x
dtt(x) = -x
init x = 1
init v = 0
