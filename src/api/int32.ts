/** The largest number that fields of type int32 hold, such as `spec.replicas` and `spec.maxRunners`. */
export const INT32_MAX = 2_147_483_647;
