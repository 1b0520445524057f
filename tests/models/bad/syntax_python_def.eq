def f(u):
    return u^2
for i in range(3):
    print(i)
