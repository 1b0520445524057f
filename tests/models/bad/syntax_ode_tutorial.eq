# what somebody writes who has not read the manual
variables: x, y
params: a = 1
dx/dt = a*x
dy/dt = -2y
x(0) = 1
