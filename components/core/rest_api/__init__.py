"""A REST API whose routes lead straight to services: what ApiGatewayPattern and VirtualWaitingRoom are made of."""
