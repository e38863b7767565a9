# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(http_fetch DEPS base device_port device_host)
