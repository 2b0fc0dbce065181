import { z } from "zod";
import { mostBytes } from "./sizes.ts";

/**
 * Bytes of one object, wherever they come in: from a listing, in a message, on a line of a
 * manifest.
 */
export const sizeSchema = z.int().min(0).max(mostBytes, "no object has more than 1 PiB (2^50 bytes)");

/** Bytes of many objects together. */
export const sumSchema = z.int().nonnegative();
