"""Declared fields of all objects of a level at once: one statement reads what a level needs, and each field is computed for all its objects together."""
