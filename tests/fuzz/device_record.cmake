# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(device_record DEPS base device_core)
