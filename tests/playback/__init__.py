"""Do montages play in what people play them with?"""
