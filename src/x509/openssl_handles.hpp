// SPDX-License-Identifier: Apache-2.0
// OpenSSL's objects with owners, and its error queue in words. Private to x509/: the queue belongs to the thread and is
// emptied after each failure, or a later TLS call on the same thread would report what went wrong here.
#pragma once

#include "base/bytes.hpp"
#include "x509/x509.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace otabahn::x509::detail {

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
template <class T, auto Free>
using Owner = std::unique_ptr<T, FreeWith<Free>>;

using Bio = Owner<BIO, &BIO_free_all>;
using Pkey = Owner<EVP_PKEY, &EVP_PKEY_free>;
using PkeyContext = Owner<EVP_PKEY_CTX, &EVP_PKEY_CTX_free>;
using X509Handle = Owner<X509, &X509_free>;
using RequestHandle = Owner<X509_REQ, &X509_REQ_free>;
using AltNames = Owner<GENERAL_NAMES, &GENERAL_NAMES_free>;

inline std::shared_ptr<x509_st> share(X509Handle handle) { return {handle.release(), &X509_free}; }
inline std::shared_ptr<evp_pkey_st> share(Pkey handle) { return {handle.release(), &EVP_PKEY_free}; }

// Text that nobody sensible exceeds; PEM of a whole chain is far below.
constexpr std::size_t largest_text = 4 << 20;

Bio read_only(std::string_view text);
std::string content(BIO* memory);

// What OpenSSL complained about last, in parentheses with a leading blank, or nothing; the queue is empty afterwards.
std::string reason();

// Memory ran out or the library is broken: no expected failure.
[[noreturn]] void broken(const char* what);

// Encrypted PEM must be refused, not asked about on the terminal.
int no_password(char*, int, int, void*);

KeyAlgorithm algorithm_of(const EVP_PKEY* key);
std::string public_pem_of(const EVP_PKEY* key);
Result<Pkey> parse_public_pem(std::string_view pem);
const EVP_MD* digest_for(const EVP_PKEY* signer);
Result<void> write_name(X509_NAME* name, const Subject& subject);
Subject read_subject(const X509_NAME* name);

}  // namespace otabahn::x509::detail
