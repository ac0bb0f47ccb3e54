"""What the merchant's programs send: ids and metadata of their own, and objects that are saved by them."""
