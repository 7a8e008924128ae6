"""notices: writes down what a phone announces · chunk: opens one and walks it · reading: what becomes of it"""
