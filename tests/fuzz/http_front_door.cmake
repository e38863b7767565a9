# SPDX-License-Identifier: Apache-2.0
otabahn_fuzz(http_front_door DEPS http)
