# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(device_update DEPS base encoding otawire device_core device_port device_sim)
