// A PKCS#11 library that passes everything on to another one, and lets a test see and change what happens.
//
// RA_SHIM_LIBRARY  path of the other library
// RA_SHIM_RULES    path of a file that is read anew for each call: NAME=VALUE in lines
//                    C_Sign=0x32        the call returns this code and does nothing
//                    C_Sign.ms=500      the call takes that long
//                    flags=0x40000      flags that tokens have as well
//                    mechanisms=0x1     the only mechanism that tokens know
//                    crash=C_Sign       the process dies in this call
//                    rw=0xe2            sessions that may write get this code
// RA_SHIM_LOG      path of a file that gets the name of each call, and never what it was given
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pkcs11.h>

static CK_FUNCTION_LIST ours;
static CK_FUNCTION_LIST_PTR theirs;

static int rule(const char *name, unsigned long *number, char *text, size_t size) {
  const char *path = getenv("RA_SHIM_RULES");
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file) return 0;
  char line[256];
  size_t length = strlen(name);
  int found = 0;
  while (!found && fgets(line, sizeof line, file)) {
    if (strncmp(line, name, length) != 0 || line[length] != '=') continue;
    line[strcspn(line, "\n")] = 0;
    if (number) *number = strtoul(line + length + 1, NULL, 0);
    if (text) snprintf(text, size, "%s", line + length + 1);
    found = 1;
  }
  fclose(file);
  return found;
}

static CK_RV called(const char *name) {
  const char *path = getenv("RA_SHIM_LOG");
  FILE *file = path ? fopen(path, "a") : NULL;
  if (file) {
    fprintf(file, "%s\n", name);
    fclose(file);
  }
  char text[64];
  unsigned long value = 0;
  if (rule("crash", NULL, text, sizeof text) && strcmp(text, name) == 0) abort();
  snprintf(text, sizeof text, "%s.ms", name);
  if (rule(text, &value, NULL, 0)) usleep(value * 1000);
  return rule(name, &value, NULL, 0) ? value : CKR_OK;
}

#define CALL(name, ...)             \
  CK_RV answer = called(#name);     \
  if (answer != CKR_OK) return answer; \
  return theirs->name(__VA_ARGS__);

static CK_RV initialize(CK_VOID_PTR arguments) { CALL(C_Initialize, arguments) }
static CK_RV finalize(CK_VOID_PTR reserved) { CALL(C_Finalize, reserved) }
static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID_PTR list, CK_ULONG_PTR count) {
  CALL(C_GetSlotList, present, list, count)
}
static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  CK_RV answer = called("C_GetTokenInfo");
  if (answer == CKR_OK) answer = theirs->C_GetTokenInfo(slot, info);
  unsigned long more = 0;
  if (answer == CKR_OK && rule("flags", &more, NULL, 0)) info->flags |= more;
  return answer;
}
static CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count) {
  unsigned long only = 0;
  if (!rule("mechanisms", &only, NULL, 0)) return theirs->C_GetMechanismList(slot, list, count);
  if (list) list[0] = only;
  *count = 1;
  return CKR_OK;
}
static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
                          CK_SESSION_HANDLE_PTR session) {
  unsigned long refused = 0;
  if ((flags & CKF_RW_SESSION) && rule("rw", &refused, NULL, 0)) return refused;
  CALL(C_OpenSession, slot, flags, application, notify, session)
}
static CK_RV close_session(CK_SESSION_HANDLE session) { CALL(C_CloseSession, session) }
static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  CALL(C_Login, session, user, pin, length)
}
static CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count) {
  CALL(C_FindObjectsInit, session, template, count)
}
static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  CALL(C_SignInit, session, mechanism, key)
}
static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR signature,
                  CK_ULONG_PTR size) {
  CALL(C_Sign, session, data, length, signature, size)
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  if (!theirs) {
    void *library = dlopen(getenv("RA_SHIM_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = library ? (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList") : NULL;
    if (!get || get(&theirs) != CKR_OK) return CKR_GENERAL_ERROR;
    ours = *theirs;
    ours.C_Initialize = initialize;
    ours.C_Finalize = finalize;
    ours.C_GetSlotList = get_slot_list;
    ours.C_GetTokenInfo = get_token_info;
    ours.C_GetMechanismList = get_mechanism_list;
    ours.C_OpenSession = open_session;
    ours.C_CloseSession = close_session;
    ours.C_Login = login;
    ours.C_FindObjectsInit = find_objects_init;
    ours.C_SignInit = sign_init;
    ours.C_Sign = sign;
  }
  *list = &ours;
  return CKR_OK;
}
