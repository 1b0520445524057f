time = 5
state = 3
